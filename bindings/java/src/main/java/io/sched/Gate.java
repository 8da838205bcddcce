package io.sched;

import java.lang.ref.Cleaner;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Lets a native handle be used until it is closed, and frees it when nobody is inside any more. It
 * is the cleaner's action too, and so knows nothing of the object that it guards.
 */
final class Gate implements Runnable {
  private static final Cleaner CLEANER = Cleaner.create();
  private static final int CLOSED = Integer.MIN_VALUE;

  private final String name;
  private final boolean isShared;
  private final Runnable free;
  private final Cleaner.Cleanable cleanable;
  /** How many calls are inside, and whether it is closed. */
  private final AtomicInteger inside = new AtomicInteger();

  /**
   * @param owner    what must not be used after it was closed; closed when it cannot be reached
   * @param isShared whether any number of threads may be inside, or one
   * @param free     called once; must not refer to the owner
   */
  Gate(Object owner, String name, boolean isShared, Runnable free) {
    this.name = name;
    this.isShared = isShared;
    this.free = free;
    cleanable = CLEANER.register(owner, this);
  }

  /** Every call of this is followed by one of {@link #leave}. */
  void enter() {
    int now;
    do {
      now = inside.get();
      if (now < 0) throw new IllegalStateException("this " + name + " is closed");
      if (now > 0 && !isShared) {
        throw new IllegalStateException(
            "this " + name + " is in use by another thread; it belongs to one at a time");
      }
    } while (!inside.compareAndSet(now, now + 1));
  }

  void leave() {
    if (inside.decrementAndGet() == CLOSED) free.run();
  }

  void close() { cleanable.clean(); }

  /** The cleaner's, which calls it once. The last to leave frees where somebody is inside. */
  @Override
  public void run() {
    if (inside.getAndUpdate(now -> now | CLOSED) == 0) free.run();
  }
}
