// How Java sees the pointers of bindings/sched.i.
