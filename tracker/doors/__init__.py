"""What readers and mail programs call, one module for each kind of request."""
