"""Every invariant exactly, or between proved rational bounds; shares no code with the float kernels."""
