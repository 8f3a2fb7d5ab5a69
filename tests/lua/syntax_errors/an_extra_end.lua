do end
end  -- expect syntax error: <eof> expected near 'end'
