// Package chromium holds the test of the report in a real browser. It is a module of its own, so that nobody who uses the
// library has a browser's protocol among the dependencies.
//
// The test needs Chromium (Debian's package chromium); the variable CHROMIUM names another binary. Where there is none, it
// is skipped with that reason, unless CI is set: then it fails.
package chromium
