"""Programs on a GPU of NVIDIA's, each lane in a thread of its own."""
