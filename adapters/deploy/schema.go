package deploy

import _ "embed"

//go:embed schema.json
var schema []byte // written by the tests from the types, see TestSchemaIsThatOfTheTypes

// Schema returns the JSON Schema (draft 2020-12) of a document: whatever Parse accepts it accepts, and it refuses what Parse
// refuses, but for names that come twice, which a schema cannot see.
func Schema() []byte { return append([]byte(nil), schema...) }
