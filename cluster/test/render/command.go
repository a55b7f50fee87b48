// SPDX-License-Identifier: Apache-2.0

package render

// command returns the arguments with which today's command line tool renders the example. It gives the XR the defaults of
// its XRD and leaves the rest to Crossplane's own binary.
func (e example) command(functions, core string) []string {
	args := []string{
		"render", e.xr, e.composition, functions,
		"--crossplane-binary=" + core, "--xrd=" + e.xrd, "--include-function-results",
	}
	if e.observed != "" {
		args = append(args, "--observed-resources="+e.observed)
	}
	if e.required != "" {
		args = append(args, "--required-resources="+e.required)
	}
	return args
}

// betaCommand returns the arguments with which the command line tool of Crossplane 1.16 renders the example. It does all
// by itself and knows no XRDs, so that the XR has no values but its own.
func (e example) betaCommand(functions string) []string {
	args := []string{"beta", "render", e.xr, e.composition, functions, "--include-function-results"}
	if e.observed != "" {
		args = append(args, "--observed-resources="+e.observed)
	}
	if e.required != "" {
		args = append(args, "--extra-resources="+e.required)
	}
	return args
}
