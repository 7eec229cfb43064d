"""Short names of the checks that catch the faults."""

RESOLVENT, RUN = "test_layer_is_resolvent", "test_deeper_states_continue_the_same_run"
STATE, LAYER = "test_state_bound", "test_state_bound_of_a_layer"
INCREMENT, DISTANCE, H1 = "test_increment_bound", "test_increment_distance", "test_h1_bound"
STABLE, STABLE_LAYER = "test_stability", "test_stability_of_a_layer"
SAMPLE, STATE_OF_SAMPLES = "test_every_sample_runs_on_its_own_data", "test_state_bound_of_samples"
STABLE_SAMPLES = "test_stability_of_samples"
PROX = ("test_modulus_in_values", "test_lipschitz_in_the_weight", "test_energy_form_lower")
#: A weight that is too small still satisfies the moduli; only the energy sees that the point is no minimiser.
ENERGY = ("test_energy_form_lower", "test_energy_form_upper")
LAYERS, MEANS, CAUCHY = (
    "test_distance_to_layers",
    "test_means_decide_distances",
    "test_chosen_members_are_cauchy",
)
GRAPH, GAP, LIMIT = (
    "test_points_of_the_graph_bound_the_excess",
    "test_gap_vanishes",
    "test_limit_is_a_subgradient",
)
KEPT, CLOSED = "test_levels_keep_enough_members", "test_graph_is_closed"
EQUIDISTANT, IN_L2 = "test_rademacher_functions_are_equidistant", "test_converges_in_l2"
BAD_SETS, OFF_SETS = "test_bad_sets_are_small", "test_converges_off_a_small_set"
CERTIFICATE, DEPTHS = "test_certificate_of_the_network", "test_depths_are_cauchy"
STARTS, LIMIT_BOUND = "test_solutions_from_two_starts", "test_limit_is_bounded"
SOLVER, TIGHT = "test_solver_encloses_the_limit", "test_solver_is_no_worse_than_a_network"
MODULUS, VANISHES = "test_certificate_has_a_modulus", "test_certificate_vanishes"
CONVERGE = "test_networks_converge"
LIMIT_STABLE, SOLVER_STABLE = "test_stability_of_the_limit", "test_stability_of_the_solver"
SEQUENTIAL, RECOVERY = "test_liminf_along_every_sequence", "test_recovery_sequences"
PERTURBED, ONE_LIMIT = "test_continuous_perturbations", "test_limits_are_unique"
MINIMA, ATTAINED = "test_minima_converge", "test_limit_attains_its_minimum"
MINIMISERS, CLUSTERS = "test_minimisers_approach", "test_cluster_points_minimise"
OBJECTIVES, AT_LAST = "test_objectives_have_a_modulus", "test_objectives_converge"
F_LOWER, F_RECOVERY = "test_gamma_lower_bound", "test_gamma_recovery_sequence"
LEAVING = "test_members_leave_with_the_limit"
UNIFORM, AT_THE_LAST = "test_modulus", "test_converges"
WEAK_STATES, WEAK_DISTANCES = "test_weak_convergence_suffices_for_lista", "test_weak_distances_vanish"
FOLLOW, LEAST, LEAST_CONVERGE = (
    "test_objectives_follow_the_data",
    "test_minimum_follows_the_data",
    "test_minima_of_training_converge",
)
NEARLY, EXCESS = "test_minimisers_are_nearly_optimal", "test_excess_of_the_minimisers_vanishes"
CLUSTER, ONE_MINIMISER = "test_minimisers_cluster", "test_unique_minimiser_is_approached"
FIBRE, EXTENSION = "test_excess_is_that_of_the_fibre", "test_excess_is_that_of_the_extension"
MINIMAL, MINIMAL_CONVERGE = "test_minimal_values_are_close", "test_minimal_values_converge"
LIFTED = "test_lifted_minimisers_are_nearly_optimal"
EXTENDED = "test_extended_minimisers_are_nearly_optimal"
APPROACH = "test_minimisers_approach_the_solution_set"
J_CONTINUOUS, J_LOWER = (
    "test_objective_of_a_network_is_continuous",
    "test_objective_of_a_network_is_lower_semicontinuous",
)
COVERED = "test_nets_bound_the_infimum"
LIMIT_VALUES = (
    "test_limit_objectives_follow_the_data",
    "test_limit_minimum_follows_the_data",
    "test_limit_minima_converge",
)
LIMIT_NEARLY, LIMIT_EXCESS = "test_limit_minimisers_are_nearly_optimal", "test_limit_excess_vanishes"
LIMIT_CLUSTER = "test_limit_minimisers_cluster"
CLUSTER_POINTS = ("test_cluster_points_of_minimisers_minimise", "test_limit_cluster_points_minimise")
ALONE = {
    "start": ("test_minimum_follows_the_start", "test_limit_minimum_follows_the_start"),
    "data": ("test_minimum_follows_the_measurements", "test_limit_minimum_follows_the_measurements"),
    "label": ("test_minimum_follows_the_labels", "test_limit_minimum_follows_the_labels"),
}
LIMIT_CONTINUOUS = "test_objective_of_the_limit_is_continuous"
LIMIT_LOWER = "test_objective_of_the_limit_is_lower_semicontinuous"
STRONGLY, ALL_DEPTHS = "test_weak_convergence_is_strong", "test_h1_bound_of_all_depths"
LEAST_VALUES = "test_least_values_are_cauchy"
ENCLOSED, BOXES_CLOSE, BOXES_CONVERGE, BOXES_MOVED, LIMIT_BOXES_MOVED = (
    "test_branch_and_bound_encloses_the_minimum",
    "test_minima_over_boxes_are_close",
    "test_minima_over_boxes_converge",
    "test_minima_over_boxes_follow_the_data",
    "test_limit_minima_over_boxes_follow_the_data",
)
