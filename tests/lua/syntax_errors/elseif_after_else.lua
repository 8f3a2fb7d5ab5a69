if a then
else
elseif b then  -- expect syntax error: 'end' expected (to close 'if' at line 1) near 'elseif'
end
