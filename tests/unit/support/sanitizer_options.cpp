// Kernel threads are fibres here, whose stacks the sanitizer's search for uses after return does not know.
extern "C" const char* __asan_default_options() { return "detect_stack_use_after_return=0"; }
