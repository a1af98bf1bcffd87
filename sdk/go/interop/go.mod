// A module of its own, so that the client needs nothing but the standard library.
module gatehouse.dev/client/interop

go 1.19

require (
	gatehouse.dev/client v0.1.0
	golang.org/x/oauth2 v0.7.0
)

replace gatehouse.dev/client => ../
