package book_test

import (
	"context"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/book"
)

// nullRepo commits at once, or after a time as a disk takes.
type nullRepo struct {
	fakeRepo
	takes time.Duration
}

func (n *nullRepo) Append(context.Context, []book.Entry, ...book.Ending) error {
	time.Sleep(n.takes)
	return nil
}

func BenchmarkAppend(b *testing.B) {
	for name, c := range map[string]struct {
		takes   time.Duration
		workers int
	}{"alone": {0, 0}, "parallel": {0, 64}, "parallel-1ms-commit": {time.Millisecond, 64}} {
		b.Run(name, func(b *testing.B) {
			r := book.NewRecorder(book.RecorderConfig{Repo: &nullRepo{takes: c.takes}})
			ctx, cancel := context.WithCancel(b.Context())
			done := make(chan error, 1)
			go func() { done <- r.Run(ctx) }()
			e := entry()
			b.ReportAllocs()
			b.ResetTimer()
			if c.workers == 0 {
				for b.Loop() {
					if err := r.Append(ctx, e); err != nil {
						b.Fatal(err)
					}
				}
			} else {
				b.SetParallelism(c.workers)
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if err := r.Append(ctx, e); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			b.StopTimer()
			cancel()
			if err := <-done; err != nil {
				b.Fatal(err)
			}
		})
	}
}
