package io.sched;

/**
 * A noise level: x = alpha x0 + sigma n.
 *
 * @param alpha factor of the data
 * @param sigma factor of the noise
 */
public record Level(double alpha, double sigma) {}
