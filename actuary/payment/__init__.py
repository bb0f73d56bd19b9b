"""Pay hospitals: weights, coefficients, case classes, points and rates, budgets, clearing.

A payment policy is a TOML file and its tables (:mod:`actuary.payment.policy_files`); everything else here computes what
it says. Modules are loaded one by one: importing the package loads none of them.
"""
