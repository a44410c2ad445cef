"""What the control plane and the nodes say to each other: frozen, versioned messages."""
