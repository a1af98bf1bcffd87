package client

import (
	"context"
	"sync"
)

// arrival is a context that says once when somebody begins to wait for its end. Who shares a request with others
// does so only after joining it.
type arrival struct {
	context.Context
	once   *sync.Once
	joined *sync.WaitGroup
}

func (a arrival) Done() <-chan struct{} {
	a.once.Do(a.joined.Done)
	return a.Context.Done()
}

// arriving has joined wait for one caller more, who is to be given the context.
func arriving(ctx context.Context, joined *sync.WaitGroup) context.Context {
	joined.Add(1)
	return arrival{ctx, new(sync.Once), joined}
}

// atOnce makes calls in parallel and waits for all to return. joined is done once all of them wait.
func atOnce(count int, joined *sync.WaitGroup, call func(ctx context.Context)) {
	contexts := make([]context.Context, count)
	for i := range contexts {
		contexts[i] = arriving(context.Background(), joined)
	}
	var returned sync.WaitGroup
	returned.Add(count)
	for _, ctx := range contexts {
		go func(ctx context.Context) {
			defer returned.Done()
			call(ctx)
		}(ctx)
	}
	returned.Wait()
}
