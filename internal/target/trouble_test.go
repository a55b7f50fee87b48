// SPDX-License-Identifier: Apache-2.0

package target

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"

	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// jwt is a token with claims, signed by nobody.
func jwt(claims string) string {
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
}

func TestTrouble(t *testing.T) {
	type told struct {
		Reason xpv2.ConditionReason
		Words  string
	}
	sent := func(err error) error { return &url.Error{Op: "Get", URL: "https://east:6443/api/v1/pods", Err: err} }
	cases := map[string]struct {
		reason string
		token  string
		err    error
		seen   time.Time
		want   told
	}{
		"Network": {
			reason: "What the network says is told, and how old the last news is.",
			err:    sent(errBoom), seen: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
			want: told{v1alpha1.ReasonUnreachable, `Get "https://east:6443/api/v1/pods": boom; last seen at 2026-01-02T03:04:05Z`},
		},
		"Certificate": {
			reason: "Of a certificate that is not trusted it is said what to look at.",
			err:    sent(&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}),
			want: told{v1alpha1.ReasonNotTrusted, "https://east:6443 shows a certificate that the kubeconfig does not trust, see its certificate-authority-data and tls-server-name: " +
				"x509: certificate signed by unknown authority; it was not reached since the provider started"},
		},
		"Expired": {
			reason: "A token that tells when it expired is quoted on that, and on nothing else.",
			token:  jwt(`{"exp": 1767323045, "sub": "robot"}`), err: kerrors.NewUnauthorized("Unauthorized"),
			want: told{v1alpha1.ReasonCredentialsRefused, "https://east:6443 refuses the credentials (Unauthorized), the token expired at 2026-01-02T03:04:05Z: put a kubeconfig with new ones in their place; it was not reached since the provider started"},
		},
		"Revoked": {
			reason: "One that is still valid was revoked, or is another cluster's.",
			token:  jwt(fmt.Sprintf(`{"exp": %d}`, time.Now().Add(time.Hour).Unix())), err: kerrors.NewUnauthorized("Unauthorized"),
			want: told{v1alpha1.ReasonCredentialsRefused, "https://east:6443 refuses the credentials (Unauthorized): put a kubeconfig with new ones in their place; it was not reached since the provider started"},
		},
		"Opaque": {
			reason: "Other tokens tell nothing.",
			token:  "a.b.c", err: kerrors.NewUnauthorized("Unauthorized"),
			want: told{v1alpha1.ReasonCredentialsRefused, "https://east:6443 refuses the credentials (Unauthorized): put a kubeconfig with new ones in their place; it was not reached since the provider started"},
		},
		"ClientCertificate": {
			reason: "A client certificate that is refused ends the handshake.",
			err:    sent(&net.OpError{Op: "remote error", Err: tls.AlertError(45)}),
			want:   told{v1alpha1.ReasonCredentialsRefused, `https://east:6443 refuses the credentials (Get "https://east:6443/api/v1/pods": remote error: tls: expired certificate): put a kubeconfig with new ones in their place; it was not reached since the provider started`},
		},
		"Forbidden": {
			reason: "A right that is missing is told in the API server's own words.",
			err:    kerrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "", errBoom),
			want:   told{v1alpha1.ReasonForbidden, `pods is forbidden: boom; it was not reached since the provider started`},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := newTrouble(&rest.Config{Host: "https://east:6443", BearerToken: tc.token}, tc.err, tc.seen)
			if diff := cmp.Diff(tc.want, told{got.Reason, got.Error()}); diff != "" {
				t.Errorf("\n%s\nnewTrouble(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
