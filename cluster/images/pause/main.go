// SPDX-License-Identifier: Apache-2.0

// Command pause does nothing until it is asked to end: it is what keeps a Pod's namespaces while its containers come and
// go.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, syscall.SIGINT)
	<-ended
}
