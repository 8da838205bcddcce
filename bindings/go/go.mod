module github.com/sched/sched/bindings/go

go 1.19
