// Shows a head in WebGL and moves it by ARKit controls. An ES module; beside it lies all it needs of three.js.

import {
  Box3, DirectionalLight, HemisphereLight, PerspectiveCamera, Scene, SRGBColorSpace, Vector3, WebGLRenderer,
  GLTFLoader, OrbitControls,
} from "./three.js";

const FIELD_OF_VIEW = 22; // degrees: a portrait lens, so that the nose does not grow
const MARGIN = 1.04;

// Lights in the camera's frame, so that a turned head stays lit.
function lights(camera) {
  const sky = new HemisphereLight(0xdfe8ff, 0x3a2f2b, 1.1);
  const key = new DirectionalLight(0xfff1e0, 2.3);
  key.position.set(0.6, 0.8, 1);
  const rim = new DirectionalLight(0x9db8ff, 0.9);
  rim.position.set(-1, 0.3, -0.4);
  camera.add(sky, key, rim);
}

function meshesThatMorph(root) {
  const found = [];
  root.traverse((node) => { if (node.morphTargetDictionary) found.push(node); });
  return found;
}

// For each target's name, where its weights stand.
function weightsByName(meshes) {
  const places = new Map();
  for (const mesh of meshes) {
    for (const [name, index] of Object.entries(mesh.morphTargetDictionary)) {
      if (!places.has(name)) places.set(name, []);
      places.get(name).push({ weights: mesh.morphTargetInfluences, index });
    }
  }
  return places;
}

// Where `meshes` are at rest; a body below a head has no targets and is left out of the picture.
function boundsAtRest(meshes) {
  const bounds = new Box3();
  for (const mesh of meshes) {
    mesh.updateWorldMatrix(true, false);
    bounds.union(new Box3().setFromBufferAttribute(mesh.geometry.attributes.position).applyMatrix4(mesh.matrixWorld));
  }
  return bounds;
}

// Puts the camera in front of a head that looks along +Z, far enough away to see all of it.
function frame(camera, orbit, box) {
  const centre = box.getCenter(new Vector3());
  const size = box.getSize(new Vector3());
  const half = (MARGIN / 2) * Math.max(size.y, size.x / camera.aspect);
  const distance = half / Math.tan((FIELD_OF_VIEW / 2) * (Math.PI / 180)) + size.z / 2;
  camera.near = distance / 50;
  camera.far = distance * 10;
  camera.position.set(centre.x, centre.y, centre.z + distance);
  camera.updateProjectionMatrix();
  orbit.target.copy(centre);
  orbit.update();
}

async function loadHead(glb) {
  const loader = new GLTFLoader();
  const { scene } = typeof glb === "string" ? await loader.loadAsync(glb) : await loader.parseAsync(glb, "");
  return scene;
}

/**
 * Puts a head on a canvas; viewer.d.ts describes what it takes and gives.
 */
export async function createViewer(canvas, glb) {
  const root = await loadHead(glb);
  const meshes = meshesThatMorph(root);
  if (!meshes.length) throw new Error("this head has no morph targets");
  const places = weightsByName(meshes);
  const renderer = new WebGLRenderer({ canvas, antialias: true, alpha: true });
  renderer.outputColorSpace = SRGBColorSpace;
  const camera = new PerspectiveCamera(FIELD_OF_VIEW, 1);
  const orbit = new OrbitControls(camera, canvas);
  orbit.enablePan = false;
  lights(camera);
  const scene = new Scene();
  scene.add(root, camera);

  const render = () => renderer.render(scene, camera);

  function fit() {
    const { clientWidth: width, clientHeight: height } = canvas;
    if (!width || !height) return;
    renderer.setPixelRatio(window.devicePixelRatio);
    renderer.setSize(width, height, false);
    camera.aspect = width / height;
    camera.updateProjectionMatrix();
    render();
  }

  function pose(controls) {
    for (const [name, targets] of places) {
      for (const { weights, index } of targets) weights[index] = controls[name] ?? 0;
    }
    render();
  }

  const resized = new ResizeObserver(fit);
  fit();
  frame(camera, orbit, boundsAtRest(meshes));
  orbit.addEventListener("change", render);
  resized.observe(canvas);
  render();

  return {
    controls: [...places.keys()],
    pose,
    weight: (name) => places.get(name)?.[0].weights[places.get(name)[0].index] ?? 0,
    turn(degrees) {
      const distance = camera.position.distanceTo(orbit.target);
      const angle = degrees * (Math.PI / 180);
      camera.position.set(Math.sin(angle), 0, Math.cos(angle)).multiplyScalar(distance).add(orbit.target);
      orbit.update();
      render();
    },
    dispose() {
      resized.disconnect();
      orbit.dispose();
      renderer.dispose();
    },
  };
}
