// SPDX-License-Identifier: Apache-2.0

package typed

import (
	"math"
	"strconv"
	"strings"

	"google.golang.org/protobuf/types/known/structpb"
)

// An Error says which field cannot be read, what was found and what is right.
type Error struct {
	path    string
	problem string
}

// Error returns path and problem.
func (e *Error) Error() string { return strings.TrimPrefix(e.path, ".") + ": " + e.problem }

// problem returns an error of the value itself. Whoever knows where the value is
// puts that before it.
func problem(text string) *Error { return &Error{problem: text} }

// in puts a step of the path before it: .name, [3] or [key].
func (e *Error) in(step string) *Error {
	e.path = step + e.path
	return e
}

// mustBe is the error of a value of the wrong kind. Its text shows the value.
func mustBe(right string, v *structpb.Value) *Error {
	return problem("is " + shown(v) + " but must be " + right)
}

// mustBeKind is the error of a value of the wrong kind whose value is not shown,
// because where a string, a list or an object belongs it may be a secret.
func mustBeKind(right string, v *structpb.Value) *Error {
	return problem("is " + kindOf(v) + " but must be " + right)
}

// shown describes a value in a few words.
func shown(v *structpb.Value) string {
	switch k := v.GetKind().(type) {
	case *structpb.Value_StringValue:
		return "the string " + strconv.Quote(short(k.StringValue))
	case *structpb.Value_NumberValue:
		if math.Abs(k.NumberValue) < 1e15 {
			return strconv.FormatFloat(k.NumberValue, 'f', -1, 64)
		}
		return strconv.FormatFloat(k.NumberValue, 'g', -1, 64)
	case *structpb.Value_BoolValue:
		return strconv.FormatBool(k.BoolValue)
	default:
		return kindOf(v)
	}
}

// kindOf names the kind of a value.
func kindOf(v *structpb.Value) string {
	switch v.GetKind().(type) {
	case *structpb.Value_StringValue:
		return "a string"
	case *structpb.Value_NumberValue:
		return "a number"
	case *structpb.Value_BoolValue:
		return "a boolean"
	case *structpb.Value_ListValue:
		return "a list"
	case *structpb.Value_StructValue:
		return "an object"
	default:
		return "null"
	}
}

// short cuts a text that nobody would read to its end.
func short(s string) string {
	const most = 64
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "..."
	}
	return s
}

// oneOf lists alternatives.
func oneOf(values []string) string { return enumerate(values, " or ") }

// enumerate lists values, with a word before the last.
func enumerate(values []string, word string) string {
	n := len(values)
	if n < 2 {
		return strings.Join(values, "")
	}
	return strings.Join(values[:n-1], ", ") + word + values[n-1]
}
