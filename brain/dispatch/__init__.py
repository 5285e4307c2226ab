"""Which vehicle picks up whom, in which order, to which site and room: what a valid plan is, and a first one."""
