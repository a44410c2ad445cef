"""Long tasks: what is to be done, how far it is, and the means to stop and resume it."""
