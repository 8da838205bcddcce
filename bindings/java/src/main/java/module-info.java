/** The scheduler (sampler) engine of diffusion models. */
module io.sched { exports io.sched; }
