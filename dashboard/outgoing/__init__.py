"""The Delivery page: what receivers were sent, what waits, what failed, and sending it again."""
