"""Rules as people see and change them: what the page of rules is made of."""
