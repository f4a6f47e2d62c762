"""What the two alert functions share: the alert, its context, a delivery, and the table that orders them."""
