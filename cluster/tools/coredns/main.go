// SPDX-License-Identifier: Apache-2.0

// Command coredns is CoreDNS with the two plugins that the name server of a real node needs. With all of them it would
// take the clouds' clients along, and minutes to build.
package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/kubernetes"
)

func main() {
	dnsserver.Directives = []string{"errors", "kubernetes"}
	coremain.Run()
}
