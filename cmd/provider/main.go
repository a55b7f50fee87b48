// SPDX-License-Identifier: Apache-2.0

// Command provider is the Crossplane provider for EigenLayer Hourglass.
package main

import (
	"context"
	"os"
	"time"

	"github.com/alecthomas/kong"
	"go.uber.org/zap/zapcore"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/controller"
	"github.com/crossplane-contrib/provider-hourglass/internal/controller/providerconfig"
	"github.com/crossplane-contrib/provider-hourglass/internal/version"
)

// flags of the command.
type flags struct {
	Debug   bool             `help:"Log at debug level, controller-runtime included." short:"d"`
	Version kong.VersionFlag `help:"Print the version and exit."`

	Sync            time.Duration `default:"1h"   help:"How often the caches are compared with themselves: every resource is reconciled."                            short:"s"`
	Poll            time.Duration `default:"10m"  help:"How often each managed resource is checked for drift, beside the watches that tell of it at once."`
	PollJitter      int           `default:"10"   help:"By how many percent, at most, a poll is moved to either side."                                               name:"poll-jitter-percentage"`
	MinPoll         time.Duration `default:"1s"   help:"The shortest interval that a poll-interval annotation may ask for."                                           name:"min-poll-interval"`
	PollStateMetric time.Duration `default:"5s"   help:"How often the state metrics of managed resources are recorded."`
	MaxRate         int           `default:"100"  env:"MAX_RECONCILE_RATE"  help:"How many reconciles a second, and how many at once, there may be at most."          name:"max-reconcile-rate"`

	LeaderElection bool   `default:"false" env:"LEADER_ELECTION" help:"Let one replica at a time be active." short:"l"`
	MetricsAddress string `default:":8080" help:"Where metrics are served; 0 turns them off."               name:"metrics-bind-address"`
	HealthAddress  string `default:":8081" help:"Where /healthz and /readyz are served; 0 turns them off."  name:"health-probe-bind-address"`

	ManagementPolicies bool   `default:"true"  env:"ENABLE_MANAGEMENT_POLICIES" help:"Honor spec.managementPolicies."                                  name:"enable-management-policies" negatable:""`
	ChangeLogs         bool   `default:"false" env:"ENABLE_CHANGE_LOGS"         help:"Send a change log of what is done to external resources."         name:"enable-changelogs"`
	ChangeLogsSocket   string `default:"/var/run/changelogs/changelogs.sock"    env:"CHANGELOGS_SOCKET_PATH" help:"The socket that takes change logs." name:"changelogs-socket-path"`
	DefaultConfig      bool   `default:"true"  help:"Create the ClusterProviderConfig called default where it is missing."                              name:"create-default-provider-config" negatable:""`
}

func main() {
	f := flags{}
	k := kong.Parse(&f, kong.Name("provider"),
		kong.Description("The Crossplane provider for EigenLayer Hourglass."),
		kong.Vars{"version": version.Version})
	k.FatalIfErrorf(watchConnections())
	k.FatalIfErrorf(f.run(ctrl.SetupSignalHandler()))
}

// watchConnections has connections that are silent asked whether they are alive,
// after 10 seconds instead of 30, and closed after 10 instead of 15 without an
// answer: a target cluster that is cut off must be noticed before much waits for it.
// Source of the variables: k8s.io/apimachinery/pkg/util/net, http.go.
func watchConnections() error {
	for _, name := range []string{"HTTP2_READ_IDLE_TIMEOUT_SECONDS", "HTTP2_PING_TIMEOUT_SECONDS"} {
		if os.Getenv(name) != "" {
			continue
		}
		if err := os.Setenv(name, "10"); err != nil {
			return errors.Wrapf(err, "cannot set %s", name)
		}
	}
	return nil
}

// run the provider until ctx ends.
func (f *flags) run(ctx context.Context) error {
	log := f.logger()
	cfg, err := ctrl.GetConfig()
	if err != nil {
		return errors.Wrap(err, "cannot find the control plane: run in a cluster, or set KUBECONFIG to a kubeconfig file")
	}
	mgr, err := f.manager(ctx, cfg)
	if err != nil {
		return err
	}
	o, err := f.options(ctx, mgr, cfg, log)
	if err != nil {
		return err
	}
	if err := controller.Setup(mgr, o); err != nil { //nolint:contextcheck // What waits for kinds outlives this call and has a limit of its own.
		return err //nolint:wrapcheck // It says what could not be set up.
	}
	if f.DefaultConfig {
		o.WhenServed(mgr, func() error { //nolint:contextcheck // As above.
			return errors.Wrap(mgr.Add(providerconfig.Default{Kube: mgr.GetClient(), Log: log}), "cannot add the creation of the default ClusterProviderConfig")
		}, v1alpha1.ClusterProviderConfigKind)
	}
	log.Info("Starting", "version", version.Version)
	return errors.Wrap(mgr.Start(ctx), "cannot run the controllers")
}

// logger logs this provider's own words, and controller-runtime's only when
// debugging: that is talkative.
func (f *flags) logger() logging.Logger {
	level := zapcore.InfoLevel
	if f.Debug {
		level = zapcore.DebugLevel
	}
	zl := zap.New(zap.UseDevMode(f.Debug), zap.Level(level))
	if f.Debug {
		ctrl.SetLogger(zl)
	} else {
		ctrl.SetLogger(zap.New(zap.Level(zapcore.ErrorLevel)))
	}
	return logging.NewLogrLogger(zl.WithName("provider-hourglass"))
}
