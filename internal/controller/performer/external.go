// SPDX-License-Identifier: Apache-2.0

package performer

import (
	"context"
	"slices"
	"strconv"
	"time"

	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	xpv2 "github.com/crossplane/crossplane/apis/v2/core/v2"

	"github.com/crossplane-contrib/provider-hourglass/apis/v1alpha1"
	"github.com/crossplane-contrib/provider-hourglass/internal/metrics"
	"github.com/crossplane-contrib/provider-hourglass/internal/placement"
	"github.com/crossplane-contrib/provider-hourglass/internal/target"
	"github.com/crossplane-contrib/provider-hourglass/internal/workload"
)

// Keys of a Performer's connection details beside Crossplane's own endpoint and
// port.
const connectionHost = "host"

// An external client does to a Performer's objects what its methods say. All
// that can be decided without I/O is decided in package workload.
type external struct {
	cluster *target.Cluster
	kube    client.Reader
	// live reads in the control plane past the cache.
	live   client.Reader
	record event.Recorder
	now    func() time.Time
	nodes  *nodes
	// again has the Performer looked at again, after a while.
	again func(p *v1alpha1.Performer, after time.Duration)
}

// Observe what the target cluster holds under the Performer's names.
func (e *external) Observe(ctx context.Context, p *v1alpha1.Performer) (managed.ExternalObservation, error) {
	if meta.WasDeleted(p) {
		return e.observeDeleted(ctx, p)
	}
	found, err := e.find(ctx, p)
	if err != nil {
		return managed.ExternalObservation{}, err
	}
	if err := e.mustOwn(ctx, p, found); err != nil {
		p.Status = workload.Status(p, ownedBy(p, found), nil, e.now())
		return managed.ExternalObservation{}, err
	}
	if onlyObserves(p) {
		p.Status = workload.Status(p, found, nil, e.now())
		return managed.ExternalObservation{ResourceExists: found.Pod != nil, ResourceUpToDate: true, ConnectionDetails: connectionDetails(p)}, nil
	}
	want, _, err := e.want(ctx, p)
	if err != nil {
		s := workload.Status(p, found, nil, e.now())
		p.Status = workload.Hindered(p, s, reasonOf(err), err.Error(), e.now())
		return managed.ExternalObservation{}, err
	}
	if found.LostTEE, err = e.lostTEE(ctx, p, found.Pod); err != nil {
		return managed.ExternalObservation{}, err
	}
	d := workload.Differences(p, want, found, e.now())
	e.tell(p, workload.Status(p, found, d, e.now()), found)
	workload.Drift(p, d, false, e.now())
	_, service := split(d)
	move := workload.NextMove(p, want, found, d, workload.Room{}, e.now())
	return managed.ExternalObservation{
		// Without the right to update, what is missing is created.
		ResourceExists:    found.Pod != nil && (found.Service != nil || may(p, xpv2.ManagementActionUpdate)),
		ResourceUpToDate:  move.Act == workload.ActNone && len(service) == 0,
		ConnectionDetails: connectionDetails(p),
		Diff:              workload.Words(d),
	}, nil
}

// observeDeleted sees only what is the Performer's own: nothing else may end
// with it.
func (e *external) observeDeleted(ctx context.Context, p *v1alpha1.Performer) (managed.ExternalObservation, error) {
	found, err := e.findToDelete(ctx, p)
	if err != nil {
		return managed.ExternalObservation{}, err
	}
	p.Status = workload.Status(p, found, nil, e.now())
	e.comeAgain(p, found)
	return managed.ExternalObservation{ResourceExists: found.Pod != nil || found.Service != nil}, nil
}

// Create the Pod and the Service. What a create that was cut off left is kept.
func (e *external) Create(ctx context.Context, p *v1alpha1.Performer) (managed.ExternalCreation, error) {
	want, warnings, err := e.want(ctx, p)
	if err != nil {
		return managed.ExternalCreation{}, err
	}
	for _, w := range warnings {
		e.record.Event(p, event.Warning(reasonHardware, errors.New(w)))
	}
	if want.Pod, err = e.successor(ctx, p, want.Pod); err != nil {
		return managed.ExternalCreation{}, err
	}
	if err := e.createPod(ctx, p, want.Pod); err != nil {
		p.Status = workload.Hindered(p, p.Status, workload.ReasonPodRefused, err.Error(), e.now())
		return managed.ExternalCreation{}, err
	}
	return managed.ExternalCreation{ConnectionDetails: connectionDetails(p)}, e.createService(ctx, p, want.Service)
}

// Update makes the objects found as they should be, each in the gentlest way.
func (e *external) Update(ctx context.Context, p *v1alpha1.Performer) (managed.ExternalUpdate, error) {
	found, err := e.find(ctx, p)
	if err != nil {
		return managed.ExternalUpdate{}, err
	}
	if err := e.mustOwn(ctx, p, found); err != nil {
		return managed.ExternalUpdate{}, err
	}
	want, _, err := e.want(ctx, p)
	if err != nil {
		return managed.ExternalUpdate{}, err
	}
	if found.LostTEE, err = e.lostTEE(ctx, p, found.Pod); err != nil {
		return managed.ExternalUpdate{}, err
	}
	pod, service := split(workload.Differences(p, want, found, e.now()))
	if err := e.movePods(ctx, p, want, found, pod); err != nil {
		return managed.ExternalUpdate{}, err
	}
	if len(service) > 0 && found.Service == nil {
		return managed.ExternalUpdate{}, e.createService(ctx, p, want.Service)
	}
	return managed.ExternalUpdate{}, e.updateService(ctx, p, want.Service, found.Service, service)
}

// Delete the Pods and the Service, those that are the Performer's own and not
// ending yet. A Pod that serves leaves the Service first.
func (e *external) Delete(ctx context.Context, p *v1alpha1.Performer) (managed.ExternalDelete, error) {
	found, err := e.findToDelete(ctx, p)
	if err != nil {
		return managed.ExternalDelete{}, err
	}
	lives := false
	for _, pod := range found.Pods() {
		m := workload.Leave(p, pod, e.now())
		if m.Act == workload.ActDrain {
			err = e.drain(ctx, p, m)
		}
		if m.Act == workload.ActEnd {
			_, err = e.delete(ctx, p, pod)
		}
		if err != nil {
			return managed.ExternalDelete{}, errors.Wrap(err, "cannot delete the Pod")
		}
		lives = lives || (m.Act != workload.ActEnd && pod.DeletionTimestamp == nil)
	}
	if found.Service == nil || lives {
		return managed.ExternalDelete{}, nil
	}
	_, err = e.delete(ctx, p, found.Service)
	return managed.ExternalDelete{}, errors.Wrap(err, "cannot delete the Service")
}

// Disconnect does nothing: the cluster is shared.
func (e *external) Disconnect(context.Context) error { return nil }

// want renders the objects that the Performer and its executor ask for, with a
// sentence for everything in it that is legal but doubtful.
func (e *external) want(ctx context.Context, p *v1alpha1.Performer) (workload.Objects, []string, error) {
	p, err := e.inherit(ctx, p)
	if err != nil {
		return workload.Objects{}, nil, err
	}
	classes, err := e.cluster.RuntimeClasses(ctx)
	if err != nil {
		return workload.Objects{}, nil, err
	}
	c, err := placement.Constrain(placement.Demand{
		Hardware:   p.Spec.HardwareRequirements,
		Scheduling: p.Spec.Scheduling,
		Resources:  p.Spec.Resources,
		Pool:       p.GetLabels()[placement.LabelPool],
	}, classes)
	if err != nil {
		return workload.Objects{}, nil, errors.Wrap(err, "cannot place the Pod")
	}
	return workload.Objects{Pod: workload.Pod(p, c), Service: workload.Service(p)}, c.Warnings, nil
}

// A missingExecutorError is the error for a Performer whose executor is not there.
type missingExecutorError struct{ error }

// inherit fills what the Performer leaves unset from the executor that it names.
func (e *external) inherit(ctx context.Context, p *v1alpha1.Performer) (*v1alpha1.Performer, error) {
	if p.Spec.ExecutorRef == "" {
		return p, nil
	}
	x := &v1alpha1.HourglassExecutor{}
	err := e.kube.Get(ctx, client.ObjectKey{Namespace: p.GetNamespace(), Name: p.Spec.ExecutorRef}, x)
	if kerrors.IsNotFound(err) {
		return nil, missingExecutorError{errors.Errorf("HourglassExecutor %s/%s does not exist, which spec.executorRef names: create it, or leave executorRef out; a Pod that runs already goes on", p.GetNamespace(), p.Spec.ExecutorRef)}
	}
	if err != nil {
		return nil, errors.Wrap(err, "cannot get the HourglassExecutor that spec.executorRef names")
	}
	return workload.Inherit(p, x), nil
}

// reasonOf is the condition reason for what keeps a Pod from being rendered.
func reasonOf(err error) xpv2.ConditionReason {
	if errors.As(err, &missingExecutorError{}) {
		return workload.ReasonExecutorMissing
	}
	return workload.ReasonSchedulingFailed
}

// ownedBy is what, of the objects found, is the Performer's own.
func ownedBy(p *v1alpha1.Performer, found workload.Objects) workload.Objects {
	if found.Pod != nil && !workload.Owns(p, found.Pod) {
		found.Pod = nil
	}
	if found.Service != nil && !workload.Owns(p, found.Service) {
		found.Service = nil
	}
	return found
}

// may says whether a Performer's management policies allow an action.
func may(p *v1alpha1.Performer, a xpv2.ManagementAction) bool {
	policies := p.GetManagementPolicies()
	return len(policies) == 0 || slices.Contains(policies, xpv2.ManagementActionAll) || slices.Contains(policies, a)
}

// onlyObserves says whether a Performer may do nothing but observe.
func onlyObserves(p *v1alpha1.Performer) bool {
	return slices.Equal(p.GetManagementPolicies(), xpv2.ManagementPolicies{xpv2.ManagementActionObserve})
}

// split the differences of the Pod from those of the Service.
func split(d []workload.Difference) (pod, service []workload.Difference) {
	for _, x := range d {
		if x.Object == "Pod" {
			pod = append(pod, x)
			continue
		}
		service = append(service, x)
	}
	return pod, service
}

func connectionDetails(p *v1alpha1.Performer) managed.ConnectionDetails {
	return managed.ConnectionDetails{
		xpv2.CredentialsSecretEndpointKey: []byte(workload.Endpoint(p)),
		xpv2.CredentialsSecretPortKey:     []byte(strconv.Itoa(int(workload.Port(p)))),
		connectionHost:                    []byte(workload.Host(p)),
	}
}

// delete an object as it was seen: not one that took its name since. A Pod gets
// the time to end that the Performer has for it. It says whether it did.
func (e *external) delete(ctx context.Context, p *v1alpha1.Performer, o client.Object) (bool, error) {
	if o.GetDeletionTimestamp() != nil {
		return false, nil
	}
	uid := o.GetUID()
	opts := []client.DeleteOption{client.Preconditions{UID: &uid}, client.PropagationPolicy(metav1.DeletePropagationBackground)}
	if grace := workload.GracePeriod(p); grace != nil {
		opts = append(opts, client.GracePeriodSeconds(*grace))
	}
	err := e.cluster.Delete(ctx, o, opts...)
	return err == nil, ignoreStale(err)
}

// tell in the Performer how it goes, count what has ended well since, and come
// again when time alone changes something.
func (e *external) tell(p *v1alpha1.Performer, s v1alpha1.PerformerStatus, found workload.Objects) {
	if found.LostTEE != "" && p.GetCondition(workload.TypeDegraded).Reason != workload.ReasonTEEViolation {
		metrics.TEEViolation(metrics.Reported)
		e.record.Event(p, event.Warning(reasonViolated, errors.New(found.LostTEE)))
	}
	if pin := s.PinnedImage; pin != nil && (p.Status.PinnedImage == nil || *pin != *p.Status.PinnedImage) {
		metrics.ImagesPinned.Inc()
	}
	if last := s.LastUpgrade; !last.Equal(p.Status.LastUpgrade) && !workload.WentBack(found.Pod) {
		metrics.Upgraded(workload.StrategyOf(found.Pod), workload.TookToUpgrade(found.Pod, last.Time))
	}
	p.Status = s
	e.comeAgain(p, found)
}

func (e *external) comeAgain(p *v1alpha1.Performer, found workload.Objects) {
	if wait := workload.Wake(p, found, e.now()); wait > 0 {
		e.again(p, wait)
	}
}
