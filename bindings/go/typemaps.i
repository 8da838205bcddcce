// How Go sees the pointers of bindings/sched.i.

%rename(value_type) type;
