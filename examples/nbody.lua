-- The sun and four planets under gravity: prints the system's energy before and after so many steps of a hundredth
-- of a year. A correct integrator keeps it nearly constant.
--
--   perilune profile examples/nbody.lua 5000

local Body = {}
Body.__index = Body

-- Distances in astronomical units, times in years, masses in solar masses.
local GRAVITY = 4 * math.pi ^ 2
local STEP = 0.01

-- A planet on a circular orbit in the plane, tilted a little; `angle` is where it starts.
local function planet(name, mass, radius, angle, tilt)
  local speed = math.sqrt(GRAVITY / radius)
  return setmetatable({
    name = name,
    mass = mass,
    x = radius * math.cos(angle),
    y = radius * math.sin(angle),
    z = radius * tilt,
    vx = -speed * math.sin(angle),
    vy = speed * math.cos(angle),
    vz = 0,
  }, Body)
end

local function sun()
  return setmetatable({ name = "sun", mass = 1, x = 0, y = 0, z = 0, vx = 0, vy = 0, vz = 0 }, Body)
end

function Body:kinetic_energy()
  return 0.5 * self.mass * (self.vx ^ 2 + self.vy ^ 2 + self.vz ^ 2)
end

function Body:move(step)
  self.x = self.x + step * self.vx
  self.y = self.y + step * self.vy
  self.z = self.z + step * self.vz
end

-- The sun takes the planets' momentum, so that the system as a whole stays where it is.
local function balance(bodies)
  local px, py, pz = 0, 0, 0
  for _, body in ipairs(bodies) do
    px, py, pz = px + body.mass * body.vx, py + body.mass * body.vy, pz + body.mass * body.vz
  end
  local center = bodies[1]
  center.vx, center.vy, center.vz = -px / center.mass, -py / center.mass, -pz / center.mass
end

-- Changes the velocities of two bodies by their mutual attraction.
local function attract(a, b, step)
  local dx, dy, dz = a.x - b.x, a.y - b.y, a.z - b.z
  local squared = dx * dx + dy * dy + dz * dz
  local pull = GRAVITY * step / (squared * math.sqrt(squared))
  a.vx = a.vx - dx * b.mass * pull
  a.vy = a.vy - dy * b.mass * pull
  a.vz = a.vz - dz * b.mass * pull
  b.vx = b.vx + dx * a.mass * pull
  b.vy = b.vy + dy * a.mass * pull
  b.vz = b.vz + dz * a.mass * pull
end

local function energy(bodies)
  local total = 0
  for i, a in ipairs(bodies) do
    total = total + a:kinetic_energy()
    for j = i + 1, #bodies do
      local b = bodies[j]
      local distance = math.sqrt((a.x - b.x) ^ 2 + (a.y - b.y) ^ 2 + (a.z - b.z) ^ 2)
      total = total - GRAVITY * a.mass * b.mass / distance
    end
  end
  return total
end

local function advance(bodies, step)
  for i = 1, #bodies do
    for j = i + 1, #bodies do
      attract(bodies[i], bodies[j], step)
    end
  end
  for _, body in ipairs(bodies) do
    body:move(step)
  end
end

local steps = math.tointeger(tonumber((...) or 1000)) or error("usage: nbody.lua [STEPS]", 0)
local bodies = {
  sun(),
  planet("jupiter", 9.55e-4, 5.20, 0.6, 0.02),
  planet("saturn", 2.86e-4, 9.58, 2.1, 0.04),
  planet("uranus", 4.37e-5, 19.2, 3.9, 0.01),
  planet("neptune", 5.15e-5, 30.1, 5.2, 0.03),
}
balance(bodies)
print(string.format("energy before %d steps: %.9f", steps, energy(bodies)))
for _ = 1, steps do
  advance(bodies, STEP)
end
print(string.format("energy after  %d steps: %.9f", steps, energy(bodies)))
