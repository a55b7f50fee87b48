// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bufio"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// scrape the provider's metrics.
func scrape(t *testing.T) string {
	t.Helper()
	return get(t, "http://"+hub.Metrics+"/metrics")
}

func get(t *testing.T, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatalf("cannot make a request: %v", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("cannot get %s: %v", url, err)
	}
	defer resp.Body.Close() //nolint:errcheck // All of it was read.
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("cannot read %s: %s, %v", url, resp.Status, err)
	}
	return string(body)
}

// reconcileCount is how many Performers the provider has reconciled since it
// started, and how many of them well.
func reconcileCount(t *testing.T) int {
	t.Helper()
	total := 0
	lines := bufio.NewScanner(strings.NewReader(scrape(t)))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if !strings.HasPrefix(line, "controller_runtime_reconcile_total{") || !strings.Contains(line, "performer.") {
			continue
		}
		n, err := strconv.ParseFloat(line[strings.LastIndex(line, " ")+1:], 64)
		if err != nil {
			t.Fatalf("cannot read the metric %q: %v", line, err)
		}
		total += int(n)
	}
	return total
}

func TestProbesAndMetrics(t *testing.T) {
	p := newPerformer(namespace(t), "a")
	create(t, p)
	awaitRunning(t, p)

	get(t, "http://"+hub.Health+"/healthz")
	get(t, "http://"+hub.Health+"/readyz")
	metrics := scrape(t)
	for _, name := range []string{
		"crossplane_managed_resource_first_time_to_readiness_seconds_count",
		"crossplane_managed_resource_ready{",
	} {
		if !strings.Contains(metrics, name) {
			t.Errorf("the metrics must have %s", name)
		}
	}
}

// TestSecretsStayWhereTheyAre puts one word wherever a secret may stand, makes
// the provider talk of the Performer in all ways it knows, and looks for it.
func TestSecretsStayWhereTheyAre(t *testing.T) {
	const canary = "canary-7f3a"
	ns := namespace(t)
	p := newPerformer(ns, "a", func(p *v1alpha1.Performer) {
		p.Spec.Config.Environment = map[string]string{"TOKEN": canary}
		p.Spec.WriteConnectionSecretToReference = &xpv2.LocalSecretReference{Name: "endpoint"}
	})
	create(t, p)
	awaitRunning(t, p)
	change(t, p, func(p *v1alpha1.Performer) { p.Spec.Config.Environment["TOKEN"] = canary + "-2" })
	awaitEvent(t, p, "ReplacingPod", "spec.config.environment")
	got := await(t, p, "runs with the new value", func(q *v1alpha1.Performer) bool { return running(q) && q.Status.LastUpgrade != nil })

	events, err := shell(t, ns, "kubectl get events -o yaml")
	if err != nil {
		t.Fatalf("cannot list events: %v\n%s", err, events)
	}
	secret, err := shell(t, ns, "kubectl get secret endpoint -o yaml | grep -v canary || true; kubectl get secret endpoint -o jsonpath='{.data.*}' | base64 -d || true")
	if err != nil {
		t.Fatalf("cannot read the connection secret: %v\n%s", err, secret)
	}
	annotations := ""
	var annotationsSb105 strings.Builder
	for k, v := range podOf(t, p).Annotations {
		annotationsSb105.WriteString(k + "=" + v + "\n")
	}
	annotations += annotationsSb105.String()
	for where, text := range map[string]string{
		"events": events, "status": describe(got), "log": hub.Log(t), "metrics": scrape(t), "annotations": annotations, "connection secret": secret,
	} {
		if strings.Contains(text, canary) {
			t.Errorf("a value of the environment must not reach the %s:\n%s", where, text)
		}
	}
}
