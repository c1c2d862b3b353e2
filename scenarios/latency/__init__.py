"""How long does it take to evaluate a customer, on the user's own records and policy?"""
