// Package deploy reads what is to run from one file: engines, where demand comes from, what acts, who is told, calendars,
// where snapshots are kept, for several workloads and several clusters; and makes it.
//
//	deployment, err := deploy.Load(text, "eu", os.LookupEnv)
//	...
//	assembly, err := deployment.Build(deploy.Parts{Logger: slog.Default()})
//	...
//	go http.Serve(listener, assembly) // metrics, live announcements, recommendations
//	err = assembly.Run(ctx)
//
// The file is YAML or JSON, in the form of Config with a member "clusters" more; schema.json is the JSON Schema of it, for
// editors and for checks elsewhere, and Schema returns it. examples/deploy has a file with everything in it, and comments.
//
// # Clusters
//
// Each member of clusters is laid upon the document:
//
//	workloads:
//	  - name: shop
//	    engine: {min: 4, max: 200}
//	clusters:
//	  eu: {}
//	  us:
//	    workloads:
//	      - name: shop
//	        engine: {min: 2} # and max is still 200
//
// Objects are merged member by member. Lists whose elements have names (workloads, inputs, observers, limits, datadog,
// calendars.list, announcements, keys, the engine's signals, kinds and sizes; feeds go by their signal) are merged element by
// element: what is in both is merged, what is new follows, and an element with "absent: true" is taken out. Every other list is
// replaced as a whole, and so is a text or a number. null takes back what the document has: the field has its default. Of
// members that say what an object is, such as webhook and file of an actuator, the one of the cluster takes the place of the
// other.
//
// After that the defaults are merged below each workload by the same rules. All clusters are checked for their form whichever
// is loaded. Diff says in words in what two clusters differ.
//
// # Secrets
//
// No secret stands in the file. Fields of type Secret have a name in its place, ${env:NAME} or ${file:/path}, which is looked up
// when the document is loaded; a literal is refused without being shown, and a name like that anywhere else is refused, too.
// Nothing else is substituted: the same file and cluster are the same configuration everywhere.
//
// # Parts of other modules
//
// What the document calls other is made by the program, from constructors in Parts. With the module adapters/kubernetes,
//
//	actuator: {other: {type: kubernetes, settings: {kind: Deployment, namespace: shop, name: web}}}
//
// is made by
//
//	parts.Actuators = map[string]func(deploy.Part) (adapters.Actuator, error){
//		"kubernetes": func(p deploy.Part) (adapters.Actuator, error) {
//			var target kubernetes.Target
//			if err := p.Decode(&target); err != nil {
//				return nil, err
//			}
//			return kubernetes.NewScale(kubernetes.ScaleConfig{Target: target, Client: client, Dynamic: dynamic})
//		},
//	}
//
// # Errors
//
// Everything that is wrong is said at once, each with line, path, value and what was wanted:
//
//	line 12: workloads[shop].engine.min is 0.5; wanted a whole number
//
// Parse says what is wrong with the form, which is what schema.json sees; Document.Deployment says what does not fit together,
// adapters included, whether or not secrets are known; Build says what the constructors of the program refuse.
package deploy
