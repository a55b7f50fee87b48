// SPDX-License-Identifier: Apache-2.0

package observability

import (
	"bytes"
	"flag"
	"os"
	"testing"
)

const (
	docs    = "../../docs/observability/"
	picture = docs + "dashboard.svg"
	scrapes = "testdata/scrapes.txt"
)

var update = flag.Bool("update", false, "write the picture of the dashboard instead of comparing it")

func recording(t *testing.T) *Recording {
	t.Helper()
	b, err := os.ReadFile(scrapes)
	if err != nil {
		t.Fatalf("cannot read the recording: %v", err)
	}
	r, err := ReadRecording(b)
	if err != nil {
		t.Fatalf("cannot use %s: %v", scrapes, err)
	}
	return r
}

func dashboard(t *testing.T) *Dashboard {
	t.Helper()
	d, err := ReadDashboard([]byte(read(t, "dashboard.json")))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestPicture draws the dashboard twice, to see that the same input gives the
// same bytes, and compares it with the picture in the documentation.
func TestPicture(t *testing.T) {
	var drawn [2][]byte
	for i := range drawn {
		b, err := Render(t.Context(), dashboard(t), recording(t))
		if err != nil {
			t.Fatal(err)
		}
		drawn[i] = b
	}
	if !bytes.Equal(drawn[0], drawn[1]) {
		t.Error("two drawings of the same dashboard and recording differ")
	}
	if *update {
		if err := os.WriteFile(picture, drawn[0], 0o644); err != nil {
			t.Fatalf("cannot write the picture: %v", err)
		}
		return
	}
	want, err := os.ReadFile(picture)
	if err != nil {
		t.Fatalf("cannot read the picture: %v", err)
	}
	if !bytes.Equal(drawn[0], want) {
		t.Errorf("%s is not what the dashboard and %s give: run `make observability UPDATE=1`, look at it and commit it", picture, scrapes)
	}
}

// TestEveryPanelShowsSomething sees that the recording has what a panel asks for:
// a query with a typing error would show nothing for ever.
func TestEveryPanelShowsSomething(t *testing.T) {
	r, engine := recording(t), NewEngine()
	for _, p := range dashboard(t).Panels {
		for _, target := range p.Targets {
			one := p
			one.Targets = []Target{target}
			lines, err := r.evaluate(t.Context(), engine, one)
			if err != nil {
				t.Fatal(err)
			}
			shown := 0
			for _, l := range lines {
				shown += len(pieces(l.points, r.step().Milliseconds()))
			}
			if shown == 0 {
				t.Errorf("panel %q shows nothing of the recording for %s", p.Title, target.Expr)
			}
		}
	}
}
