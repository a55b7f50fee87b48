// SPDX-License-Identifier: Apache-2.0

package typed

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/structpb"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// text reads and writes strings. Where values are given, a strict reader accepts
// no others.
func text(values []string) compiled {
	return compiled{
		decode: func(r reading, v *structpb.Value, to reflect.Value) *Error {
			s, ok := v.GetKind().(*structpb.Value_StringValue)
			switch {
			case ok && (values == nil || r.mode == Lenient || slices.Contains(values, s.StringValue)):
				to.SetString(s.StringValue)
				return nil
			case absent(v):
				return nil
			case values != nil:
				return mustBe(oneOf(values), v)
			default:
				return mustBeKind("a string", v)
			}
		},
		encode: func(from reflect.Value) *structpb.Value { return structpb.NewStringValue(from.String()) },
		empty:  zero,
	}
}

func boolean() compiled {
	return compiled{
		decode: func(_ reading, v *structpb.Value, to reflect.Value) *Error {
			b, ok := v.GetKind().(*structpb.Value_BoolValue)
			switch {
			case ok:
				to.SetBool(b.BoolValue)
				return nil
			case absent(v):
				return nil
			default:
				return mustBe("true or false", v)
			}
		},
		encode: func(from reflect.Value) *structpb.Value { return structpb.NewBoolValue(from.Bool()) },
		empty:  zero,
	}
}

// integer reads and writes integers of so many bits, which are floating-point
// numbers in a protobuf struct.
func integer(bits int) compiled {
	limit := math.Ldexp(1, bits-1)
	return compiled{
		decode: func(_ reading, v *structpb.Value, to reflect.Value) *Error {
			n, ok := v.GetKind().(*structpb.Value_NumberValue)
			if !ok {
				if absent(v) {
					return nil
				}
				return mustBe("a whole number", v)
			}
			f := n.NumberValue
			if f != math.Trunc(f) || math.IsInf(f, 0) { // NaN differs from itself.
				return mustBe("a whole number", v)
			}
			if f < -limit || f >= limit {
				return mustBe(fmt.Sprintf("between %.0f and %d", -limit, uint64(limit)-1), v)
			}
			to.SetInt(int64(f))
			return nil
		},
		encode: func(from reflect.Value) *structpb.Value { return structpb.NewNumberValue(float64(from.Int())) },
		empty:  zero,
	}
}

// quantity reads and writes quantities, which are strings or numbers.
func quantity() compiled {
	return compiled{
		decode: func(_ reading, v *structpb.Value, to reflect.Value) *Error {
			q, e := readQuantity(v)
			if to, ok := reflect.TypeAssert[*resource.Quantity](to.Addr()); ok {
				*to = q
			}
			return e
		},
		encode: func(from reflect.Value) *structpb.Value {
			q, _ := reflect.TypeAssert[resource.Quantity](from)
			return structpb.NewStringValue(q.String())
		},
		empty: never,
	}
}

// readQuantity reads a quantity, 0 where there is none.
func readQuantity(v *structpb.Value) (resource.Quantity, *Error) {
	var s string
	switch k := v.GetKind().(type) {
	case *structpb.Value_StringValue:
		s = strings.TrimSpace(k.StringValue)
	case *structpb.Value_NumberValue:
		s = strconv.FormatFloat(k.NumberValue, 'f', -1, 64)
	default:
		if absent(v) {
			return resource.Quantity{}, nil
		}
		return resource.Quantity{}, mustBeKind("a quantity such as 500m or 2Gi", v)
	}
	q, err := parseQuantity(s)
	if err != nil {
		return resource.Quantity{}, mustBe("a quantity such as 500m or 2Gi", v)
	}
	return q, nil
}

// parseQuantity parses a quantity of sensible size. With an exponent of nine
// digits it would keep a processor busy for hours.
func parseQuantity(s string) (resource.Quantity, error) {
	const longest, highest = 64, 99
	if len(s) > longest {
		return resource.Quantity{}, resource.ErrFormatWrong
	}
	if i := strings.IndexAny(s, "eE"); i >= 0 && i+1 < len(s) {
		exponent, err := strconv.Atoi(s[i+1:])
		if err != nil || exponent < -highest || exponent > highest {
			return resource.Quantity{}, resource.ErrFormatWrong
		}
	}
	return resource.ParseQuantity(s)
}

// moment reads and writes times.
func moment() compiled {
	return compiled{
		decode: func(_ reading, v *structpb.Value, to reflect.Value) *Error {
			if absent(v) {
				return nil
			}
			t, err := time.Parse(time.RFC3339, v.GetStringValue())
			if err != nil {
				return mustBe("a time such as 2006-01-02T15:04:05Z", v)
			}
			to.Set(reflect.ValueOf(metav1.NewTime(t)))
			return nil
		},
		encode: func(from reflect.Value) *structpb.Value {
			t, _ := reflect.TypeAssert[metav1.Time](from)
			if t.IsZero() {
				return structpb.NewNullValue()
			}
			return structpb.NewStringValue(t.UTC().Format(time.RFC3339))
		},
		empty: never,
	}
}
