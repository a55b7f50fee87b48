// SPDX-License-Identifier: Apache-2.0

package typed

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"

	"google.golang.org/protobuf/types/known/structpb"
)

// AppendCanonical appends a value as JSON, of which there is one form only: keys
// in order, nothing between the tokens.
func AppendCanonical(b []byte, v *structpb.Value) []byte {
	switch k := v.GetKind().(type) {
	case *structpb.Value_StructValue:
		b = append(b, '{')
		fields := k.StructValue.GetFields()
		for i, key := range slices.Sorted(maps.Keys(fields)) {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendText(b, key), ':')
			b = AppendCanonical(b, fields[key])
		}
		return append(b, '}')
	case *structpb.Value_ListValue:
		b = append(b, '[')
		for i, item := range k.ListValue.GetValues() {
			if i > 0 {
				b = append(b, ',')
			}
			b = AppendCanonical(b, item)
		}
		return append(b, ']')
	case *structpb.Value_StringValue:
		return appendText(b, k.StringValue)
	case *structpb.Value_NumberValue:
		if f := k.NumberValue; f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			return strconv.AppendInt(b, int64(f), 10)
		}
	}
	return appendJSON(b, v.AsInterface())
}

// appendText appends a string. Most have nothing that JSON would escape.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return appendJSON(b, s)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// appendJSON appends a string, a number, a boolean or null. What JSON has no word
// for becomes null: an infinite number is nothing that a field could hold.
func appendJSON(b []byte, scalar any) []byte {
	data, err := json.Marshal(scalar)
	if err != nil {
		return append(b, "null"...)
	}
	return append(b, data...)
}
