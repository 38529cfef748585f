"""What is kept of each reader, brought up to what the log says of them."""
