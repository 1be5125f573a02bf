// The Mutex of etcd's own Go package under the same crowd: waiters that take turns on one name.
// concurrency ENDPOINTS WAITERS HOLD_MS SECONDS prints the turns of each waiter and the gaps between holds in µs.
package main

import (
	"context"
	"encoding/json"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.etcd.io/etcd/clientv3"
	"go.etcd.io/etcd/clientv3/concurrency"
)

type hold struct{ ran, sent time.Time }

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func number(text string) float64 {
	value, err := strconv.ParseFloat(text, 64)
	must(err)
	return value
}

func main() {
	waiters := int(number(os.Args[2]))
	pause := time.Duration(number(os.Args[3]) * float64(time.Millisecond))
	client, err := clientv3.New(clientv3.Config{Endpoints: strings.Split(os.Args[1], ",")})
	must(err)
	// A session for each waiter: two mutexes of one session do not shut each other out.
	sessions := make([]*concurrency.Session, waiters)
	for index := range sessions {
		sessions[index], err = concurrency.NewSession(client, concurrency.WithTTL(10))
		must(err)
	}
	until := time.Now().Add(time.Duration(number(os.Args[4]) * float64(time.Second)))
	turns := make([]int, waiters)
	var holds []hold
	var all sync.WaitGroup
	for index := range sessions {
		all.Add(1)
		go func(index int) {
			defer all.Done()
			mutex := concurrency.NewMutex(sessions[index], "one/")
			for time.Now().Before(until) {
				must(mutex.Lock(context.Background()))
				ran := time.Now()
				time.Sleep(pause)
				// Only who holds writes here.
				holds = append(holds, hold{ran, time.Now()})
				turns[index]++
				must(mutex.Unlock(context.Background()))
			}
		}(index)
	}
	all.Wait()
	gaps := []int64{}
	for index := 1; index < len(holds); index++ {
		gaps = append(gaps, holds[index].ran.Sub(holds[index-1].sent).Microseconds())
	}
	sort.Slice(gaps, func(one, other int) bool { return gaps[one] < gaps[other] })
	must(json.NewEncoder(os.Stdout).Encode(map[string]interface{}{"turns": turns, "gapsUs": gaps}))
}
