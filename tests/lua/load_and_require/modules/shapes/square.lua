return {sides = 4}
