package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"
)

const (
	clusterNodes = 3
	clusterSlots = 16384
	redisEnds    = syscall.SIGTERM
)

// RedisCluster gives the addresses of a Redis Cluster of three primaries without replicas, with
// commas between. DOORBOOK_TEST_REDIS_CLUSTER names one that runs already.
func (r *Rack) RedisCluster(t testing.TB) string {
	t.Helper()
	return r.need(t, "Redis Cluster", "DOORBOOK_TEST_REDIS_CLUSTER", startRedisCluster)
}

func startRedisCluster() (_ string, stop func(), err error) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return "", nil, missing("redis-server", "redis-server")
	}
	var stops []func()
	stop = func() {
		for _, one := range stops {
			one()
		}
	}
	defer func() {
		if err != nil {
			stop()
		}
	}()
	var addresses []string
	for range clusterNodes {
		address, stopOne, err := startRedisNode(path)
		if err != nil {
			return "", nil, err
		}
		stops, addresses = append(stops, stopOne), append(addresses, address)
	}
	if err := joinRedis(addresses); err != nil {
		return "", nil, err
	}
	return strings.Join(addresses, ","), stop, nil
}

func startRedisNode(path string) (string, func(), error) {
	port, err := clusterPort()
	if err != nil {
		return "", nil, err
	}
	h, err := newHome("redis", "valkey")
	if err != nil {
		return "", nil, err
	}
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	stop, err := h.start(redisEnds, func(ctx context.Context) error { return pingRedis(ctx, "redis://"+address) }, path,
		"--bind", "127.0.0.1", "--port", strconv.Itoa(port), "--save", "", "--appendonly", "no", "--dir", h.dir,
		"--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-node-timeout", "5000")
	if err != nil {
		h.remove()
		return "", nil, err
	}
	return address, stop, nil
}

// clusterPort gives a port that is free, and so is the one 10000 above it, over which the nodes
// talk to each other.
func clusterPort() (int, error) {
	const bus, tries = 10000, 50
	for range tries {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return 0, err
		}
		port := l.Addr().(*net.TCPAddr).Port
		_ = l.Close()
		if port+bus > 65535 {
			continue
		}
		if l, err = net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port+bus))); err == nil {
			_ = l.Close()
			return port, nil
		}
	}
	return 0, errors.New("found no two free ports 10000 apart")
}

// joinRedis deals the slots out among the nodes and introduces them, and waits until every one
// knows of all slots.
func joinRedis(addresses []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	clients := make([]*redis.Client, len(addresses))
	for i, address := range addresses {
		clients[i] = redis.NewClient(&redis.Options{Addr: address})
		defer clients[i].Close()
		from, to := i*clusterSlots/len(addresses), (i+1)*clusterSlots/len(addresses)-1
		if err := clients[i].ClusterAddSlotsRange(ctx, from, to).Err(); err != nil {
			return err
		}
		host, port, err := net.SplitHostPort(addresses[0])
		if err != nil {
			return err
		}
		if i > 0 {
			if err := clients[i].ClusterMeet(ctx, host, port).Err(); err != nil {
				return err
			}
		}
	}
	for _, client := range clients {
		err := wait(func(ctx context.Context) error {
			info, err := client.ClusterInfo(ctx).Result()
			if err == nil && !strings.Contains(info, "cluster_state:ok") {
				err = errors.New("the cluster is not complete")
			}
			if err == nil && !strings.Contains(info, fmt.Sprintf("cluster_known_nodes:%d", clusterNodes)) {
				err = errors.New("the nodes do not know each other")
			}
			return err
		}, nil)
		if err != nil {
			return err
		}
	}
	return nil
}
