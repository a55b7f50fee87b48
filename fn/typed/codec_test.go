// SPDX-License-Identifier: Apache-2.0

package typed

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/structpb"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// value reads a value from JSON.
func value(tb testing.TB, data string) *structpb.Value {
	tb.Helper()
	v := &structpb.Value{}
	if err := protojson.Unmarshal([]byte(data), v); err != nil {
		tb.Fatalf("cannot read %s: %v", data, err)
	}
	return v
}

type color string

type paint struct {
	Color  color   `json:"color,omitempty"`
	Colors []color `json:"colors,omitempty"`
	Coats  int32   `json:"coats,omitempty"`
}

type inlined struct {
	Depth int64  `json:"depth,omitempty"`
	Name  string `json:"name,omitempty"`
}

// everything has a field of each kind that the API types have.
type everything struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitzero"`
	inlined           `json:",inline"`

	Name     string              `json:"name"`
	Flag     *bool               `json:"flag,omitempty"`
	Count    *int32              `json:"count,omitempty"`
	Seconds  *int64              `json:"seconds,omitempty"`
	Labels   map[string]color    `json:"labels,omitempty"`
	Plain    map[string]string   `json:"plain,omitempty"`
	Paints   map[string]paint    `json:"paints,omitempty"`
	List     []paint             `json:"list,omitempty"`
	Next     *everything         `json:"next,omitempty"`
	Amounts  corev1.ResourceList `json:"amounts,omitempty"`
	Price    *resource.Quantity  `json:"price,omitempty"`
	Size     resource.Quantity   `json:"size,omitzero"`
	Since    metav1.Time         `json:"since,omitzero"`
	Until    *metav1.Time        `json:"until,omitempty"`
	Port     intstr.IntOrString  `json:"port,omitzero"`
	Bytes    []byte              `json:"bytes,omitempty"`
	Fraction float64             `json:"fraction,omitempty"`
	Untagged string              `json:",omitempty"`
	Ignored  string              `json:"-"`
	hidden   string              //nolint:unused // It must not be touched.
}

func testCodec() *Codec {
	return New(Enums{reflect.TypeFor[paint](): {"color": {"Red", "Green", "Blue"}, "colors": {"Red", "Green"}}})
}

func TestDecode(t *testing.T) {
	moment := metav1.NewTime(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	cases := map[string]struct {
		reason string
		mode   Mode
		json   string
		want   everything
	}{
		"Nothing": {
			reason: "Null leaves everything as it is.",
			json:   `null`,
		},
		"Nulls": {
			reason: "A field that is null is one that is left out.",
			json:   `{"name":null,"flag":null,"count":null,"labels":null,"list":null,"size":null,"since":null,"port":null,"metadata":null,"plain":{"a":null}}`,
			want:   everything{Plain: map[string]string{"a": ""}},
		},
		"Scalars": {
			reason: "Strings, booleans and numbers are taken as they are, by value and by reference.",
			mode:   Strict,
			json:   `{"name":"a","flag":false,"count":0,"seconds":9007199254740991,"fraction":1.5,"Untagged":"u"}`,
			want:   everything{Name: "a", Flag: new(false), Count: new(int32(0)), Seconds: new(int64(9007199254740991)), Fraction: 1.5, Untagged: "u"},
		},
		"Inlined": {
			reason: "Fields of an inlined struct are beside the others, and the outer one of two has the name.",
			mode:   Strict,
			json:   `{"apiVersion":"v1","kind":"K","metadata":{"name":"m","labels":{"a":"b"}},"depth":3,"name":"n"}`,
			want: everything{
				TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "K"}, ObjectMeta: metav1.ObjectMeta{Name: "m", Labels: map[string]string{"a": "b"}},
				inlined: inlined{Depth: 3}, Name: "n",
			},
		},
		"Collections": {
			reason: "Lists, maps and structs nest, also in themselves.",
			mode:   Strict,
			json:   `{"name":"a","labels":{"x":"y"},"paints":{"wall":{"color":"Red","coats":2},"door":{}},"list":[{"colors":["Red","Green"]},{}],"next":{"name":"b"}}`,
			want: everything{
				Name: "a", Labels: map[string]color{"x": "y"}, Paints: map[string]paint{"wall": {Color: "Red", Coats: 2}, "door": {}},
				List: []paint{{Colors: []color{"Red", "Green"}}, {}}, Next: &everything{Name: "b"},
			},
		},
		"Empty": {
			reason: "What is there and empty is not nil.",
			mode:   Strict,
			json:   `{"name":"","labels":{},"plain":{},"list":[],"amounts":{}}`,
			want:   everything{Labels: map[string]color{}, Plain: map[string]string{}, List: []paint{}, Amounts: corev1.ResourceList{}},
		},
		"Special": {
			reason: "Types that know how JSON is made of them are read as they want it.",
			mode:   Strict,
			json:   `{"name":"a","amounts":{"cpu":2,"memory":"1Gi","nvidia.com/gpu":"8"},"price":1.5,"size":"10","since":"2026-01-02T03:04:05Z","until":"2026-01-02T04:04:05+01:00","port":"http","bytes":"aGk="}`,
			want: everything{
				Name:    "a",
				Amounts: corev1.ResourceList{"cpu": resource.MustParse("2"), "memory": resource.MustParse("1Gi"), "nvidia.com/gpu": resource.MustParse("8")},
				Price:   new(resource.MustParse("1.5")), Size: resource.MustParse("10"), Since: moment, Until: &moment,
				Port: intstr.FromString("http"), Bytes: []byte("hi"),
			},
		},
		"Newer": {
			reason: "A lenient reader passes over fields and values that a newer API server has accepted.",
			json:   `{"name":"a","nickname":"b","paints":{"wall":{"color":"Purple","gloss":1}}}`,
			want:   everything{Name: "a", Paints: map[string]paint{"wall": {Color: "Purple"}}},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := everything{}
			err := testCodec().Decode(value(t, tc.json), "at", &got, tc.mode)
			if err != nil {
				t.Fatalf("%s\nDecode(...): %v", tc.reason, err)
			}
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(everything{})); diff != "" {
				t.Errorf("%s\nDecode(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestDecodeErrors(t *testing.T) {
	cases := map[string]struct {
		reason string
		mode   Mode
		json   string
		want   string
	}{
		"StringForInteger": {
			reason: "The path names the field through objects, lists and maps.",
			json:   `{"name":"a","next":{"paints":{"wall":{"coats":"8"}}}}`,
			want:   `at.next.paints[wall].coats: is the string "8" but must be a whole number`,
		},
		"Fraction":     {json: `{"count":1.5}`, want: `at.count: is 1.5 but must be a whole number`, reason: "A fraction is not cut off."},
		"TooLarge":     {json: `{"count":2147483648}`, want: `at.count: is 2147483648 but must be between -2147483648 and 2147483647`, reason: "Nothing wraps around."},
		"TooLargeLong": {json: `{"seconds":9223372036854775808}`, want: `at.seconds: is 9.223372036854776e+18 but must be between -9223372036854775808 and 9223372036854775807`, reason: "Nor in 64 bits."},
		"TooSmall":     {json: `{"count":-2147483649}`, want: `at.count: is -2147483649 but must be between -2147483648 and 2147483647`, reason: "Nor below."},
		"IntegerForBoolean": {
			json: `{"flag":"true"}`, want: `at.flag: is the string "true" but must be true or false`, reason: "Words are no booleans.",
		},
		"NumberForString": {
			json: `{"name":17}`, want: `at.name: is a number but must be a string`,
			reason: "What belongs into a string may be a secret, and is not shown.",
		},
		"NumberForLabel": {json: `{"plain":{"a":1}}`, want: `at.plain[a]: is a number but must be a string`, reason: "Nor in a map."},
		"StringForObject": {
			json: `{"plain":"0xsecret"}`, want: `at.plain: is a string but must be an object`, reason: "Nor where it stands for an object.",
		},
		"StringForMap":  {json: `{"paints":"x"}`, want: `at.paints: is a string but must be an object`, reason: "An object is needed."},
		"StringForList": {json: `{"list":"x"}`, want: `at.list: is a string but must be a list`, reason: "A list is needed."},
		"ListForObject": {json: `[]`, want: `at: is a list but must be an object`, reason: "The whole value has the path that was given."},
		"InList":        {json: `{"list":[{},true]}`, want: `at.list[1]: is a boolean but must be an object`, reason: "Items are counted from 0."},
		"Quantity":      {json: `{"size":"8x"}`, want: `at.size: is the string "8x" but must be a quantity such as 500m or 2Gi`, reason: "A quantity has a unit that exists."},
		"QuantityKind":  {json: `{"amounts":{"cpu":true}}`, want: `at.amounts[cpu]: is a boolean but must be a quantity such as 500m or 2Gi`, reason: "A quantity is a string or a number."},
		"QuantityThatNeverEnds": {
			json: `{"size":"1e999999999"}`, want: `at.size: is the string "1e999999999" but must be a quantity such as 500m or 2Gi`,
			reason: "What would take hours to parse is not parsed.",
		},
		"QuantityLong": {
			json: `{"size":1e300}`, want: `at.size: is 1e+300 but must be a quantity such as 500m or 2Gi`, reason: "Nor what has hundreds of digits.",
		},
		"Time":     {json: `{"since":"yesterday"}`, want: `at.since: is the string "yesterday" but must be a time such as 2006-01-02T15:04:05Z`, reason: "Times have one form."},
		"ViaJSON":  {json: `{"port":true}`, want: `at.port: is a boolean that cannot be a IntOrString`, reason: "What only its own type can read is refused by that."},
		"Unknown":  {mode: Strict, json: `{"name":"a","list":[{"hue":"Red"}]}`, want: `at.list[0].hue: is not a known field; known are coats, color and colors`, reason: "A slip is told, with what there is."},
		"Missing":  {mode: Strict, json: `{"next":{}}`, want: `at.next.name: is missing`, reason: "What has no omitempty must be there."},
		"NullItem": {mode: Strict, json: `{"name":"a","list":[null]}`, want: `at.list[0]: is null: write a value or remove it`, reason: "A null in a list is a slip."},
		"Enum": {
			mode: Strict, json: `{"name":"a","list":[{"color":"Purple"}]}`, want: `at.list[0].color: is the string "Purple" but must be Red, Green or Blue`, reason: "What is right is listed.",
		},
		"EnumInList": {
			mode: Strict, json: `{"name":"a","list":[{"colors":["Red","Blue"]}]}`, want: `at.list[0].colors[1]: is the string "Blue" but must be Red or Green`, reason: "Values of items are known too.",
		},
		"EnumKind": {
			mode: Strict, json: `{"name":"a","list":[{"color":3}]}`, want: `at.list[0].color: is 3 but must be Red, Green or Blue`, reason: "A value of few is no secret.",
		},
		"Several": {
			json: `{"z":1,"name":1,"flag":1,"count":"1","seconds":"1","size":true,"plain":{"z":1,"y":1},"paints":{"z":1,"y":1},"amounts":{"z":true,"y":true}}`,
			want: `at.amounts[y]: is a boolean but must be a quantity such as 500m or 2Gi`, reason: "Of several errors it is always the first by name.",
		},
		"Long": {
			json: `{"count":"0123456789012345678901234567890123456789012345678901234567890123456789"}`,
			want: `at.count: is the string "0123456789012345678901234567890123456789012345678901234567890123..." but must be a whole number`, reason: "A long value is cut off.",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			for range 20 { // Maps have another order each time.
				err := testCodec().Decode(value(t, tc.json), "at", &everything{}, tc.mode)
				var e *Error
				if !errors.As(err, &e) || err.Error() != tc.want {
					t.Fatalf("%s\nDecode(...): want %q, got %q", tc.reason, tc.want, err)
				}
			}
		})
	}
}

func TestEncode(t *testing.T) {
	cases := map[string]struct {
		reason string
		from   any
		want   string
	}{
		"Empty": {
			reason: "What is empty and may be left out is.",
			from:   paint{},
			want:   `{}`,
		},
		"Scalars": {
			reason: "Pointers are followed, also to zero values.",
			from:   &everything{Name: "a", Flag: new(false), Count: new(int32(0)), Seconds: new(int64(5)), Untagged: "u", inlined: inlined{Depth: 2}},
			want:   `{"name":"a","flag":false,"count":0,"seconds":5,"Untagged":"u","depth":2}`,
		},
		"Collections": {
			reason: "Lists and maps keep what they hold.",
			from: everything{
				Labels: map[string]color{"x": "y"}, Plain: map[string]string{"p": "q"}, Paints: map[string]paint{"wall": {Coats: 2}},
				List: []paint{{Colors: []color{"Red"}}}, Amounts: corev1.ResourceList{"cpu": resource.MustParse("500m")},
			},
			want: `{"name":"","labels":{"x":"y"},"plain":{"p":"q"},"paints":{"wall":{"coats":2}},"list":[{"colors":["Red"]}],"amounts":{"cpu":"500m"}}`,
		},
		"Special": {
			reason: "Types that know how JSON is made of them are written as they want it.",
			from: everything{
				Price: new(resource.MustParse("1.5")), Since: metav1.NewTime(time.Date(2026, 1, 2, 4, 4, 5, 0, time.FixedZone("", 3600))),
				Port: intstr.FromInt32(80), Bytes: []byte("hi"), Fraction: 0.5,
			},
			want: `{"name":"","since":"2026-01-02T03:04:05Z","price":"1500m","port":80,"bytes":"aGk=","fraction":0.5}`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := testCodec().Encode(tc.from)
			if diff := cmp.Diff(value(t, tc.want), got, protocmp.Transform()); diff != "" {
				t.Errorf("%s\nEncode(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
	if got := testCodec().Encode((*paint)(nil)); got != nil {
		t.Errorf("Encode(nil): want nothing, got %v", got)
	}
}

func TestAppendCanonical(t *testing.T) {
	v := value(t, `{"b":[1,2.5,{"y":null,"x":true}],"a":"<\"é","empty":{},"none":[]}`)
	want := `{"a":"\u003c\"é","b":[1,2.5,{"x":true,"y":null}],"empty":{},"none":[]}`
	for range 20 {
		if diff := cmp.Diff(want, string(AppendCanonical(nil, v))); diff != "" {
			t.Fatalf("AppendCanonical(...): -want, +got:\n%s", diff)
		}
	}
}
