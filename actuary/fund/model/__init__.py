"""The people-driven model of the funds: from persons by age, sex and status to income, spending and balances."""
