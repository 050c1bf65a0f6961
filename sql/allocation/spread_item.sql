-- Charges to be spread over days.
SELECT line_key AS item_key, amount FROM allocation.cost_line WHERE kind = 'charge'
