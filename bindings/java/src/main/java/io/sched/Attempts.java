package io.sched;

/**
 * Attempts at a step, where the method chooses its steps (Lu et al. 2022, arXiv:2206.00927,
 * algorithm 3). A rejected attempt gives back the sample at which it began.
 *
 * @param accepted how many were accepted
 * @param rejected how many were rejected
 */
public record Attempts(long accepted, long rejected) {}
