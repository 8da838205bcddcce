// How C# sees the pointers of bindings/sched.i.

%rename(queue_lock) sched_flat_import::lock;
%rename(queue_unlock) sched_flat_import::unlock;
