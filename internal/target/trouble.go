// SPDX-License-Identifier: Apache-2.0

package target

import (
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"time"

	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
)

// A Trouble is why a target cluster cannot be used.
type Trouble struct { //nolint:errname // It is what a cluster has, before it is anybody's error.
	// Reason of the condition TargetReachable.
	Reason xpv2.ConditionReason

	why string
	// seen is when something was last heard of the cluster; zero for never.
	seen time.Time
}

// Error says what is wrong, and how old what is known of the cluster is.
func (t *Trouble) Error() string {
	if t.seen.IsZero() {
		return t.why + "; it was not reached since the provider started"
	}
	return t.why + "; last seen at " + t.seen.UTC().Format(time.RFC3339)
}

// newTrouble puts into words why the cluster of a configuration cannot be used.
func newTrouble(cfg *rest.Config, err error, seen time.Time) *Trouble {
	t := &Trouble{Reason: v1alpha1.ReasonUnreachable, why: err.Error(), seen: seen}
	var certificate *tls.CertificateVerificationError
	var op *net.OpError
	switch {
	case errors.As(err, &certificate):
		t.Reason = v1alpha1.ReasonNotTrusted
		t.why = fmt.Sprintf("%s shows a certificate that the kubeconfig does not trust, see its certificate-authority-data and tls-server-name: %v", cfg.Host, certificate.Err)
	// What a peer says that ends a handshake is such an error (crypto/tls, conn.go).
	case kerrors.IsUnauthorized(err), errors.As(err, &op) && op.Op == "remote error":
		t.Reason = v1alpha1.ReasonCredentialsRefused
		t.why = fmt.Sprintf("%s refuses the credentials (%v)%s: put a kubeconfig with new ones in their place", cfg.Host, err, expired(cfg.BearerToken))
	case kerrors.IsForbidden(err):
		t.Reason = v1alpha1.ReasonForbidden
	}
	return t
}

// expired says since when a token is not valid any more, where it tells. Tokens of
// service accounts do: they are JWTs (RFC 7519, section 4.1.4).
func expired(token string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return ""
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return ""
	}
	claims := struct {
		Expires int64 `json:"exp"`
	}{}
	if err := json.Unmarshal(raw, &claims); err != nil || claims.Expires == 0 || time.Unix(claims.Expires, 0).After(time.Now()) {
		return ""
	}
	return ", the token expired at " + time.Unix(claims.Expires, 0).UTC().Format(time.RFC3339)
}

// isLost says whether an error of an API call means that the cluster is of no use
// at all, and not only that this call was.
func isLost(err error) bool {
	if err == nil {
		return false
	}
	var status kerrors.APIStatus
	if !errors.As(err, &status) {
		return true
	}
	return kerrors.IsUnauthorized(err) || kerrors.IsServiceUnavailable(err) || kerrors.IsInternalError(err) || kerrors.IsTimeout(err) || kerrors.IsServerTimeout(err)
}
