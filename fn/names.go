// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// checkExecutorName checks that the XR's name can be that of an executor's
// Service.
func checkExecutorName(stack string) error {
	if problems := validation.IsDNS1035Label(stack); len(problems) > 0 {
		return fmt.Errorf("the executor is named after the XR, but %q cannot be the name of a Service, which is %s", stack, ruleOf(problems))
	}
	return nil
}

// checkPerformerName checks that a Service can be named after a performer.
func checkPerformerName(stack, name string) error {
	service := serviceOf(stack, name)
	if len(service) > validation.DNS1123LabelMaxLength {
		return fmt.Errorf("makes a Service called %s, of %d characters, but it may have %d: shorten the name of the performer or that of the XR",
			service, len(service), validation.DNS1123LabelMaxLength)
	}
	if problems := validation.IsDNS1123Label(service); len(problems) > 0 {
		return fmt.Errorf("makes a Service called %q, but the name of one is %s", service, ruleOf(problems))
	}
	return nil
}

// serviceOf is the name of the Service, and of all else, that a performer of a stack
// becomes.
func serviceOf(stack, performer string) string { return "performer-" + stack + "-" + performer }

// ruleOf returns the rule that a name has broken, in a few words.
func ruleOf(problems []string) string {
	if strings.Contains(strings.Join(problems, " "), "no more than") {
		return "at most 63 characters long"
	}
	return "of lower-case letters, digits and '-', begins with a letter and does not end with '-'"
}
