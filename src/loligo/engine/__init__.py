"""Program → Kernel: programs on machines."""
